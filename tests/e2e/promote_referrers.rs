//! `image-promote copy --referrers`: what is about an image arrives with it, whatever way either side keeps it.

mod faults;
mod http;
mod layouts;
mod library;
mod registries;
mod stand;
mod tags;
