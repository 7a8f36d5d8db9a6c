//! The counts as text for a Prometheus server (exposition format 0.0.4).

use std::fmt::{Display, Write as _};

use ws_core::refusal::Cause;

use super::Counters;

/// All metrics of a server that has this many connections open.
pub(crate) fn render(counters: &Counters, connections: usize) -> String {
    let mut text = String::with_capacity(8 << 10);
    family(&mut text, "ws_connections_open", "gauge", "TCP connections, also those that are not let in yet.");
    sample(&mut text, "ws_connections_open", "", connections);
    family(&mut text, "ws_sessions_open", "gauge", "WebSocket sessions that are open.");
    sample(&mut text, "ws_sessions_open", "", counters.open());
    family(&mut text, "ws_handshakes_accepted_total", "counter", "Handshakes that were let in.");
    sample(&mut text, "ws_handshakes_accepted_total", "", counters.accepted());
    family(&mut text, "ws_handshakes_refused_total", "counter", "Requests that were refused, by cause.");
    for (cause, count) in counters.refused().filter(|(cause, _)| is_refusal(*cause)) {
        let status = cause.status().unwrap_or_default();
        let labels = format!("{{cause=\"{cause}\",status=\"{status}\"}}");
        sample(&mut text, "ws_handshakes_refused_total", &labels, count);
    }
    family(&mut text, "ws_handshake_decision_seconds_total", "counter", "Time that decisions have taken.");
    let seconds = counters.time_deciding().as_secs_f64();
    sample(&mut text, "ws_handshake_decision_seconds_total", "", format_args!("{seconds:.9}"));
    family(&mut text, "ws_dry_runs_total", "counter", "Dry runs, whatever they were told.");
    sample(&mut text, "ws_dry_runs_total", "", counters.dry_runs());
    family(&mut text, "ws_sessions_closed_total", "counter", "Sessions that are over, by close code.");
    for (code, count) in counters.closed() {
        let code = code.map_or_else(|| "other".to_owned(), |code| code.to_string());
        sample(&mut text, "ws_sessions_closed_total", &format!("{{code=\"{code}\"}}"), count);
    }
    family(&mut text, "ws_sessions_ended_total", "counter", "Sessions that were ended for a cause.");
    for (cause, count) in counters.ended().filter(|(cause, _)| cause.close_code().is_some()) {
        sample(&mut text, "ws_sessions_ended_total", &format!("{{cause=\"{cause}\"}}"), count);
    }
    text
}

/// Whether somebody can be refused for it before the upgrade.
fn is_refusal(cause: Cause) -> bool {
    cause.status().is_some() || cause.closes()
}

// Writing to a string cannot fail.

fn family(text: &mut String, name: &str, kind: &str, help: &str) {
    let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
}

fn sample(text: &mut String, name: &str, labels: &str, value: impl Display) {
    let _ = writeln!(text, "{name}{labels} {value}");
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::time::Duration;

    use super::*;

    #[test]
    fn counts_are_told_by_cause_and_code() {
        let counters = Counters::new();
        counters.count_accepted(Duration::from_micros(1500));
        counters.count_refused(Cause::TokenExpired, Duration::from_nanos(1));
        counters.count_refused(Cause::ProxyHeaderInvalid, Duration::ZERO);
        counters.count_dry_run();
        counters.count_opened();
        counters.count_opened();
        counters.count_over(3000, Some(Cause::TokenRevoked));
        let text = render(&counters, 7);
        for line in [
            "ws_connections_open 7",
            "ws_sessions_open 1",
            "ws_handshakes_accepted_total 1",
            "ws_handshakes_refused_total{cause=\"token-expired\",status=\"401\"} 1",
            "ws_handshakes_refused_total{cause=\"proxy-header-invalid\",status=\"0\"} 1",
            "ws_handshakes_refused_total{cause=\"server-full\",status=\"503\"} 0",
            "ws_handshake_decision_seconds_total 0.001500001",
            "ws_dry_runs_total 1",
            "ws_sessions_closed_total{code=\"3000\"} 1",
            "ws_sessions_closed_total{code=\"other\"} 0",
            "ws_sessions_ended_total{cause=\"token-revoked\"} 1",
        ] {
            assert!(text.lines().any(|told| told == line), "{line} in\n{text}");
        }
        assert!(!text.contains("refused_total{cause=\"idle-timeout\""), "that is never told over HTTP");
    }

    /// Exposition format: one HELP and one TYPE before the samples of a family, which stand together, each once.
    #[test]
    fn the_text_is_of_the_form_that_prometheus_reads() {
        let text = render(&Counters::new(), 0);
        assert!(text.ends_with('\n'));
        let (mut families, mut samples) = (HashSet::new(), HashSet::new());
        let mut lines = text.lines().peekable();
        while let Some(help) = lines.next() {
            let name = help.strip_prefix("# HELP ").and_then(|rest| rest.split(' ').next()).unwrap();
            assert!(families.insert(name), "{name} twice");
            let kind =
                lines.next().and_then(|line| line.strip_prefix(&format!("# TYPE {name} ") as &str)).unwrap();
            assert_eq!(kind == "counter", name.ends_with("_total"), "{name}");
            while let Some(sample) = lines.next_if(|line| !line.starts_with('#')) {
                let (series, value) = sample.rsplit_once(' ').unwrap();
                assert_eq!(series.split('{').next(), Some(name));
                assert!(value.parse::<f64>().is_ok() && samples.insert(series), "{sample}");
            }
        }
        assert_eq!(families.len(), 8);
    }
}
