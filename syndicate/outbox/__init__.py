"""What happens here, told to programs by signed webhooks (Standard Webhooks)."""
