"""Those who run the service: what each may do, and where they are signed in. Called by the console."""
