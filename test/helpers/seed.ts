import fc from 'fast-check';

// A run that failed fails again: every property begins from the same cases. Long fuzzers have commands of their own.
fc.configureGlobal({ seed: 20_261_124 });
