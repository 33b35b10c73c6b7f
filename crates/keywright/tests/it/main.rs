//! Stories through the front door: a real server, a real store, real clients.
