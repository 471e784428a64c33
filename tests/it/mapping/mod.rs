//! Mappings: the language, the presets, and proposals for files that nobody has a mapping for.

mod language; // the mapping language from outside, and the commands about mappings
mod presets; // every mapping that ships, on its sample
mod samples; // the sample is what its generator writes, and holds what it promises
mod contact; // first contact: files of all kinds, proposals unedited, and what comes of them
mod systems; // proposals for the exports of many systems and languages, unedited
