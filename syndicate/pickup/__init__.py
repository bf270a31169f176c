"""Where articles come from: folders and remote feeds are read, cleaned, and compared with what is already known."""
