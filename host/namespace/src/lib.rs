//! What a guest is given: grants, and the world built from them.
