"""Sign-in for people: OpenID Connect, authorization code with PKCE, for the desk's pages."""
