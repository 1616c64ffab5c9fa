//! The tools as users run them. One module per tool, `contract` for what they share, `flows` for all of them together.

mod badges;
mod compose_rewrite;
mod compose_rewrite_elsewhere;
mod compose_rewrite_files;
mod compose_rewrite_parsers;
mod compose_rewrite_verbs;
mod contract;
mod flows;
mod gitlab_double;
mod image_promote;
mod image_promote_many;
mod image_promote_read;
mod loc_badge;
mod promote_faults;
mod promote_gate;
mod promote_proofs;
mod promote_referrers;
mod props;
mod registry_access;
mod release;
mod rows;
mod skopeo;
mod versioner;
