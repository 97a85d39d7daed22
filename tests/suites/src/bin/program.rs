//! The program `funnelflux`, for the tests of this package.

fn main() -> std::process::ExitCode {
    funnelflux_cli::main()
}
