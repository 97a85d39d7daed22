//! The program `funnelflux`. The library of this package implements it.

fn main() -> std::process::ExitCode {
    funnelflux_cli::main()
}
