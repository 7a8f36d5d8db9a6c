//! The counts as text for a Prometheus server (exposition format 0.0.4).

use std::fmt::{Display, Write as _};

use super::{Counts, Histogram};

pub(super) fn render(counts: &Counts) -> String {
    let mut text = String::with_capacity(4 << 10);
    let out = &mut text;
    family(out, "ws_client_attempts_total", "counter", "Connection attempts.");
    sample(out, "ws_client_attempts_total", "", counts.attempts);
    family(out, "ws_client_connected_total", "counter", "Attempts that led to an open connection.");
    sample(out, "ws_client_connected_total", "", counts.connected);
    family(out, "ws_client_failed_total", "counter", "Attempts that failed, by the code of the error.");
    for (code, count) in &counts.failed {
        sample(out, "ws_client_failed_total", &format!("{{code=\"{code}\"}}"), count);
    }
    family(out, "ws_client_abandoned_total", "counter", "Attempts that were dropped before they ended.");
    sample(out, "ws_client_abandoned_total", "", counts.abandoned);
    family(out, "ws_client_open", "gauge", "Connections that are open.");
    sample(out, "ws_client_open", "", counts.open);
    family(out, "ws_client_reconnects_total", "counter", "Connections that were there again after a loss.");
    sample(out, "ws_client_reconnects_total", "", counts.reconnects);
    family(out, "ws_client_token_requests_total", "counter", "Tokens that were asked of a provider.");
    sample(out, "ws_client_token_requests_total", "", counts.token_requests);
    family(out, "ws_client_refused_total", "counter", "Answers of servers that refused, by cause.");
    for (cause, count) in &counts.refused {
        sample(out, "ws_client_refused_total", &format!("{{cause=\"{cause}\"}}"), count);
    }
    family(out, "ws_client_stage_failed_total", "counter", "Stages that failed.");
    for (stage, counts) in &counts.stages {
        sample(
            out,
            "ws_client_stage_failed_total",
            &format!("{{stage=\"{}\"}}", stage.name()),
            counts.failed,
        );
    }
    family(out, "ws_client_stage_seconds", "histogram", "How long stages of attempts took.");
    for (stage, counts) in &counts.stages {
        histogram(out, "ws_client_stage_seconds", stage.name(), &counts.took);
    }
    text
}

/// Each bucket of the exposition format counts all that are not longer.
fn histogram(out: &mut String, name: &str, stage: &str, histogram: &Histogram) {
    let mut so_far = 0;
    for (bound, count) in histogram.buckets() {
        so_far += count;
        let bound = bound.map_or_else(|| "+Inf".to_owned(), |bound| bound.as_secs_f64().to_string());
        sample(out, &format!("{name}_bucket"), &format!("{{stage=\"{stage}\",le=\"{bound}\"}}"), so_far);
    }
    let labels = format!("{{stage=\"{stage}\"}}");
    sample(out, &format!("{name}_sum"), &labels, histogram.sum().as_secs_f64());
    sample(out, &format!("{name}_count"), &labels, histogram.count());
}

// Writing to a string cannot fail.

fn family(out: &mut String, name: &str, kind: &str, help: &str) {
    let _ = write!(out, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
}

fn sample(out: &mut String, name: &str, labels: &str, value: impl Display) {
    let _ = writeln!(out, "{name}{labels} {value}");
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::time::Duration;

    use ws_core::refusal::Cause;

    use super::*;
    use crate::observe::Stage;

    fn counts() -> Counts {
        let mut counts = Counts { attempts: 3, connected: 1, open: 1, ..Counts::default() };
        counts.failed.insert("token-expired", 2);
        counts.refused.insert(Cause::TokenExpired, 2);
        let http = counts.stages.entry(Stage::Http).or_default();
        http.failed = 2;
        for took in [1, 7, 7_000] {
            http.took.add(Duration::from_millis(took));
        }
        counts
    }

    #[test]
    fn counts_are_told_by_code_cause_and_stage() {
        let text = render(&counts());
        for line in [
            "ws_client_attempts_total 3",
            "ws_client_failed_total{code=\"token-expired\"} 2",
            "ws_client_refused_total{cause=\"token-expired\"} 2",
            "ws_client_stage_failed_total{stage=\"http\"} 2",
            "ws_client_stage_seconds_bucket{stage=\"http\",le=\"0.001\"} 1",
            "ws_client_stage_seconds_bucket{stage=\"http\",le=\"5\"} 2",
            "ws_client_stage_seconds_bucket{stage=\"http\",le=\"+Inf\"} 3",
            "ws_client_stage_seconds_sum{stage=\"http\"} 7.008",
            "ws_client_stage_seconds_count{stage=\"http\"} 3",
        ] {
            assert!(text.lines().any(|told| told == line), "{line} in\n{text}");
        }
    }

    /// Exposition format: one HELP and one TYPE before the samples of a family, which stand together, each once.
    #[test]
    fn the_text_is_of_the_form_that_prometheus_reads() {
        let text = render(&counts());
        let (mut families, mut samples) = (HashSet::new(), HashSet::new());
        let mut lines = text.lines().peekable();
        while let Some(help) = lines.next() {
            let name = help.strip_prefix("# HELP ").and_then(|rest| rest.split(' ').next()).expect("HELP");
            assert!(families.insert(name), "{name} twice");
            let kind =
                lines.next().and_then(|line| line.strip_prefix(&format!("# TYPE {name} "))).expect("TYPE");
            assert_eq!(kind == "counter", name.ends_with("_total"), "{name}");
            while let Some(sample) = lines.next_if(|line| !line.starts_with('#')) {
                let (series, value) = sample.rsplit_once(' ').expect("a value");
                let of = series.split('{').next().expect("a name");
                let of = if kind == "histogram" { of.rsplit_once('_').expect("a part").0 } else { of };
                assert_eq!(of, name);
                assert!(value.parse::<f64>().is_ok() && samples.insert(series), "{sample}");
            }
        }
        assert_eq!(families.len(), 10);
    }
}
