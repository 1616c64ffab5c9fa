//! Image references, OCI and Docker registries, OCI layout directories, credentials.
