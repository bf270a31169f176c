"""What readers see: templates, mails and their parts, signed links, text made for reading."""
