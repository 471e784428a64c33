//! Properties of random inputs.

use proptest::prelude::*;
use proptest::test_runner::{TestCaseResult, TestRunner};

pub const FEW: u32 = 1_000;

pub const MANY: u32 = 1_000_000;

/// Runs a property on this many inputs.
pub fn fuzz<S: Strategy>(cases: u32, inputs: &S, property: impl Fn(S::Value) -> TestCaseResult)
where
    S::Value: std::fmt::Debug,
{
    let config = ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    if let Err(failure) = TestRunner::new(config).run(inputs, property) {
        panic!("{failure}");
    }
}
