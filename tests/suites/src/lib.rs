//! The suites that need a server.
