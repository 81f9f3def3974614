//! Masks that stay valid for their type.
