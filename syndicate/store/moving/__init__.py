"""All that one database holds, brought into another one; the old one is never written again."""
