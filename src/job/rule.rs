//! Rules that several fields share.
