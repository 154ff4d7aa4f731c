"""The API's edge: listener, authentication, dispatch."""
