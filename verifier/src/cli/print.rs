//! A report on standard output: the verdict first, then what held; or one JSON object.

use std::io::{self, Write};

use verifier::{Defect, Report, Verdict};

use super::arguments::Arguments;

pub(super) fn print(report: &Report, arguments: &Arguments) -> io::Result<()> {
    if arguments.quiet && report.verdict() == Verdict::Valid {
        return Ok(());
    }
    let mut out = io::stdout().lock();
    if arguments.json {
        writeln!(out, "{}", report.to_json())?;
    } else {
        out.write_all(text(report).as_bytes())?;
    }
    out.flush()
}

pub(super) fn complain(what: &str) -> io::Result<()> {
    writeln!(io::stderr().lock(), "verifier: {what}")
}

fn text(report: &Report) -> String {
    let mut lines = vec![verdict(report)];
    lines.extend(
        report
            .steps
            .iter()
            .map(|s| format!("  ok  {:<12} {}", s.step, s.says)),
    );
    lines.extend(report.failures.iter().map(|failure| {
        let (part, defect) = (&failure.part, &failure.defect);
        format!("  NO  {part}  {}  {defect}", defect.code())
    }));
    if let Some(defect) = &report.defect {
        lines.push(format!("Next: {}.", defect.advice()));
    }
    if let Some(receipt) = &report.proved.receipt {
        lines.push(receipt.sentence());
    }
    if let Some(entry) = &report.proved.entry {
        lines.push(entry.sentence());
    }
    lines.extend(report.notes.iter().cloned());
    lines.join("\n") + "\n"
}

fn verdict(report: &Report) -> String {
    let word = match report.verdict() {
        Verdict::Valid => return format!("valid: {}", report.proved.headline),
        Verdict::NotValid => "not valid",
        Verdict::Malformed => "malformed",
        Verdict::CannotTell => "cannot tell",
        Verdict::Indeterminate => "indeterminate",
    };
    let code = report.defect.as_ref().map_or("", Defect::code);
    let sentence = report
        .defect
        .as_ref()
        .map_or_else(String::new, Defect::to_string);
    format!("{word}: {code}  {sentence}")
}
