//! The mapped file: the only unsafe code of this crate, and what it rests on.
//!
//! A [`Mapping`] is made only with the exclusive lock on the file held, and keeps the file open, and
//! so the lock, for as long as it lives. Nobody truncates a file while it is locked; the disk space
//! was written before, so that no store meets a full disk. What another process reads of the file it
//! reads through system calls and bounded by the commit offset.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::sync::atomic::AtomicU64;

use memmap2::{Advice, MmapOptions, MmapRaw};

pub(crate) struct Mapping {
    map: MmapRaw,
    file: File,
}

impl Mapping {
    /// Maps the whole of a file that the caller has locked.
    pub(crate) fn new(file: File) -> io::Result<Self> {
        let map = MmapOptions::new().map_raw(&file)?;
        Ok(Self { map, file })
    }

    /// Takes the page faults now instead of in the middle of an append.
    pub(crate) fn populate(&self) -> io::Result<()> {
        match self.map.advise(Advice::PopulateWrite) {
            // Linux before 5.14: appends take the faults.
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
            other => other,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.map.len()
    }

    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    pub(crate) fn into_file(self) -> File {
        self.file
    }

    /// One of the header's atomic fields.
    pub(crate) fn atomic(&self, offset: usize) -> &AtomicU64 {
        assert!(offset.is_multiple_of(8) && offset + 8 <= self.map.len(), "a field of the header");
        // SAFETY: the eight bytes lie in the mapping (asserted), which lives as long as `self`; a
        // mapping starts on a page, so they are aligned (asserted); `bytes_mut` never lends bytes of
        // the header, so all access to them in this process is atomic.
        unsafe { AtomicU64::from_ptr(self.map.as_mut_ptr().add(offset).cast()) }
    }

    /// Bytes behind the header.
    pub(crate) fn bytes_mut(&mut self, from: usize, to: usize) -> &mut [u8] {
        let behind_header = from >= crate::header::HEADER_BYTES;
        assert!(behind_header && from <= to && to <= self.map.len(), "a range behind the header");
        // SAFETY: the range lies in the mapping (asserted) and behind the header, so that it overlaps
        // no atomic; `&mut self` makes it the only reference in this process, and the file's lock
        // makes this process the only writer.
        unsafe { std::slice::from_raw_parts_mut(self.map.as_mut_ptr().add(from), to - from) }
    }
}

/// Reserves disk space for the whole file.
pub(crate) fn allocate(file: &File, bytes: u64) -> io::Result<()> {
    let bytes = libc::off_t::try_from(bytes)
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidInput, "too large a segment"))?;
    // SAFETY: the call takes no pointers, and the descriptor is open while `file` is borrowed.
    match unsafe { libc::posix_fallocate(file.as_raw_fd(), 0, bytes) } {
        0 => Ok(()),
        error => Err(io::Error::from_raw_os_error(error)),
    }
}
