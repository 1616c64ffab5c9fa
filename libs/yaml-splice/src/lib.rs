//! Byte-exact edits of YAML text.
