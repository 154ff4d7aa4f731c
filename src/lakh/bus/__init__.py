"""How processes and servers talk: function call, unix socket, NATS. Nothing above may know which."""
