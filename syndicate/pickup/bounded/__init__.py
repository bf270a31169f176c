"""Foreign bytes are parsed in a process of their own, which may use so much time and memory and no more."""
