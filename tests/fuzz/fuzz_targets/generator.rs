#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| funnelflux_suites::fuzz::run_target("generator", bytes));
