//! What GitLab, GitHub or a directory can do: releases, pages.
