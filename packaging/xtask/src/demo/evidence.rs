//! What an auditor gets, and what it tells.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use harness::{run, tree};

use super::story::{expect, secrets};
use super::world::World;
use crate::error::TaskError;
use crate::terminal::{heading, quoted, shown, typed};

/// The demo's evidence is small enough to be read in a moment.
const SHIPPED_BYTES_MAX: u64 = 8 << 20;

/// What an auditor types.
pub(super) fn command(folder: &Path) -> String {
    let lazaret = tree::target().join("release/lazaret");
    format!(
        "{} verify {} --trust {}",
        lazaret.display(),
        folder.join("shipped").display(),
        folder.join("trust.json").display()
    )
}

/// The gateway ends, and its segments are sealed and shipped.
pub(super) fn is_shipped(world: &mut World) -> Result<(), TaskError> {
    heading("5  The evidence, sealed and shipped");
    let status = world.gateway.drain();
    expect(status.is_some_and(|status| status.success()), || {
        format!("the gateway did not drain: {status:?}")
    })?;
    let shipped = world.folder.join("shipped");
    let secrets = secrets(world)?;
    let mut total = 0;
    for file in files(&shipped)? {
        let bytes = size(&file);
        total += bytes;
        let content = fs::read(&file).map_err(TaskError::io("reading evidence"))?;
        let leaks = secrets
            .iter()
            .any(|secret| content.windows(secret.len()).any(|window| window == secret.as_bytes()));
        expect(!leaks, || format!("{} holds an identifier", file.display()))?;
        let name = file.strip_prefix(&shipped).unwrap_or(&file).display().to_string();
        quoted(&format!("{bytes:>9} bytes  {name}"));
    }
    expect(total > 0, || "nothing was shipped".into())?;
    expect(total < SHIPPED_BYTES_MAX, || format!("{total} bytes were shipped"))?;
    shown("every statement, verdict and answer is on record, without a single identifier");
    Ok(())
}

/// An auditor believes it, without asking the gateway.
pub(super) fn is_verified(world: &World) -> Result<(), TaskError> {
    heading("6  An auditor verifies it, offline");
    typed(&command(&world.folder));
    let output = verify(&world.folder.join("shipped"), &world.folder, false)?;
    let text = String::from_utf8_lossy(&output.stdout);
    quoted(&text);
    let verdict = text.split_whitespace().last();
    expect(output.status.success() && verdict == Some("VERIFIED"), || {
        format!("not verified: {}", String::from_utf8_lossy(&output.stderr))
    })?;
    shown("VERIFIED");
    Ok(())
}

/// One bit of a copy is changed, and the auditor is told which record it was.
pub(super) fn gives_a_flipped_byte_away(world: &World) -> Result<(), TaskError> {
    heading("7  Someone changes one bit");
    let copy = tempfile::tempdir().map_err(TaskError::io("making a folder"))?;
    let copy = copy.path().join("shipped");
    run(Command::new("cp").arg("-r").arg(world.folder.join("shipped")).arg(&copy))?;
    let segments = files(&copy)?.into_iter();
    let victim = segments
        .filter(|file| file.extension().is_some_and(|ending| ending == "seg"))
        .max_by_key(|file| size(file))
        .ok_or_else(|| TaskError::Unexpected("nothing to flip a bit in".into()))?;
    let mut bytes = fs::read(&victim).map_err(TaskError::io("reading a segment"))?;
    let middle = bytes.len() / 2;
    if let Some(byte) = bytes.get_mut(middle) {
        *byte ^= 1;
    }
    fs::write(&victim, bytes).map_err(TaskError::io("writing a segment"))?;
    let name = victim.strip_prefix(&copy).unwrap_or(&victim).display().to_string();
    quoted(&format!("bit 0 of byte {middle} of {name}"));

    let output = verify(&copy, &world.folder, false)?;
    quoted(&String::from_utf8_lossy(&output.stdout));
    expect(output.status.code() == Some(1), || "the flipped bit was not found".into())?;
    let json = verify(&copy, &world.folder, true)?.stdout;
    let report: serde_json::Value = serde_json::from_slice(&json)
        .map_err(|error| TaskError::Unexpected(format!("verify --json: {error}")))?;
    expect(report["verdict"] == "tampered", || format!("verdict {}", report["verdict"]))?;
    let record = &report["first_bad"];
    expect(!record["offset"].is_null(), || "no word on which record is bad".into())?;
    shown(&format!(
        "found: segment {}, sequence {}, offset {}",
        record["segment"], record["sequence"], record["offset"]
    ));
    Ok(())
}

fn verify(shipped: &Path, folder: &Path, json: bool) -> Result<Output, TaskError> {
    let mut command = Command::new(tree::binary("lazaret")?);
    command.arg("verify").arg(shipped).arg("--trust").arg(folder.join("trust.json"));
    if json {
        command.arg("--json");
    }
    command.output().map_err(TaskError::io("starting lazaret verify"))
}

/// All files below a folder.
fn files(folder: &Path) -> Result<Vec<PathBuf>, TaskError> {
    let mut found = Vec::new();
    let entries =
        fs::read_dir(folder).map_err(TaskError::io(format!("reading {}", folder.display())))?;
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

fn size(file: &Path) -> u64 {
    fs::metadata(file).map_or(0, |metadata| metadata.len())
}
