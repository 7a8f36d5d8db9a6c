//! The table.

use std::fmt::Write as _;

const COLUMNS: usize = 6;

/// Everything measured of one server.
pub(crate) struct Row {
    name: &'static str,
    cells: [Vec<f64>; COLUMNS],
}

impl Row {
    pub(crate) fn new(name: &'static str) -> Self {
        Self { name, cells: Default::default() }
    }

    pub(crate) fn add(&mut self, column: usize, value: f64) {
        if let Some(cell) = self.cells.get_mut(column) {
            cell.push(value);
        }
    }

    fn medians(&self) -> [Option<f64>; COLUMNS] {
        std::array::from_fn(|column| median(&self.cells[column]))
    }
}

pub(crate) fn heading(connections: usize, bytes: usize, in_flight: usize) -> String {
    format!(
        "Medians; in brackets the ratio to the first row. P1, P{in_flight}: microseconds of server CPU per message of \
         {bytes} bytes, {connections} connections,\none or {in_flight} in flight, refilled as answers come; \
         P{in_flight}b: refilled when all {in_flight} are back. Connection: microseconds of server CPU to accept,\n\
         shake hands, echo once and end. Idle: bytes of user-space memory per connection, fresh and after one message.\n\n\
         | server | P1 | P{in_flight} | P{in_flight}b | connection | idle, fresh | idle, used |\n\
         |---|---|---|---|---|---|---|"
    )
}

pub(crate) fn table(rows: &[Row]) -> String {
    let first = rows.first().map_or([None; COLUMNS], Row::medians);
    let mut text = String::new();
    for row in rows {
        let _ = write!(text, "| {} |", row.name);
        for (column, (median, first)) in row.medians().into_iter().zip(first).enumerate() {
            let digits = if column < 4 { 3 } else { 0 };
            let _ = match (median, first) {
                (Some(median), Some(first)) if first > 0.0 => {
                    write!(text, " {median:.digits$} ({:.2}) |", median / first)
                }
                (Some(median), _) => write!(text, " {median:.digits$} |"),
                (None, _) => write!(text, " - |"),
            };
        }
        text.push('\n');
    }
    text
}

fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match (sorted.len() % 2, sorted.get(middle), middle.checked_sub(1).and_then(|below| sorted.get(below))) {
        (1, value, _) => value.copied(),
        (_, Some(above), Some(below)) => Some(f64::midpoint(*above, *below)),
        _ => None,
    }
}
