//! What looks at all of Strata.
