//! Git history and tags without a git binary, and Conventional Commits.
