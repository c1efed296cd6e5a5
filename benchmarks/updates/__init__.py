"""What idle and busy updates sockets cost, beside a peer that subscribes for every socket."""
