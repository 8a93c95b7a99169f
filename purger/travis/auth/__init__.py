"""Find the token: the environment, the travis command line, a saved session, or a manual sign-in."""
