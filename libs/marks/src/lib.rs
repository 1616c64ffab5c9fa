//! Marks on image digests and the backends that keep them.
