//! The verifier that was written from `FORMAT.md` alone, `packaging/verify.py`, asked beside ours.

use std::cell::RefCell;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use super::Verdict;
use crate::trust::Trust;

/// Answers a report for each question; checks each signature once.
const SERVE: &str = "
import functools, json, sys
import verify
verify.is_signed = functools.lru_cache(maxsize=None)(verify.is_signed)
for line in sys.stdin:
    question = json.loads(line)
    print(json.dumps(verify.verify(question['folder'], question['trust'])), flush=True)
";

struct SecondReader {
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

thread_local! {
    static READER: RefCell<SecondReader> = RefCell::new(SecondReader::start());
}

/// What `verify.py` says of a folder.
pub(super) fn verdict(folder: &Path, trust: Option<&Trust>) -> Verdict {
    READER.with_borrow_mut(|reader| reader.ask(folder, trust))
}

impl SecondReader {
    fn start() -> Self {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../packaging");
        let mut child = Command::new("python3")
            .args(["-B", "-c", SERVE])
            .env("PYTHONPATH", folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3 is installed: cargo xtask setup");
        let questions = child.stdin.take().unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap());
        Self { child, questions, answers }
    }

    fn ask(&mut self, folder: &Path, trust: Option<&Trust>) -> Verdict {
        let question = serde_json::json!({ "folder": folder, "trust": trust });
        writeln!(self.questions, "{question}").unwrap();
        let mut answer = String::new();
        self.answers.read_line(&mut answer).unwrap();
        let report: serde_json::Value = serde_json::from_str(&answer).unwrap();
        match report["verdict"].as_str().unwrap() {
            "verified" => Verdict::Verified,
            "consistent" => Verdict::Consistent,
            "tampered" => Verdict::Tampered,
            "incomplete" => Verdict::Incomplete,
            "unusable" => Verdict::Unusable,
            other => panic!("no verdict: {other}"),
        }
    }
}

impl Drop for SecondReader {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
