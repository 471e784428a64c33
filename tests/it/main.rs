//! it

mod samples; // the sample is what its generator writes, and holds what it promises
