//! The plot of `docs/fleet.md`: which share of a fleet has its answer, over time, next to the best that anyone can do.

use plotters::prelude::*;

/// A fleet's row: its name, and of each answer how long it took in units of N/20 s, in order.
pub struct Row {
    pub name: String,
    pub answers: Vec<f64>,
}

/// The end of the axis of time.
const END: f64 = 1.5;
/// More points are not seen.
const MOST_POINTS: usize = 200;
/// Told apart by the colour-blind, too.
const COLOURS: [RGBColor; 3] = [RGBColor(230, 159, 0), RGBColor(0, 114, 178), RGBColor(213, 94, 0)];
const IDEAL: RGBColor = RGBColor(110, 110, 110);

/// The plot as SVG, on white.
pub fn plot(rows: &[Row]) -> String {
    let mut svg = String::new();
    draw(&mut svg, rows).unwrap();
    svg
}

fn draw(svg: &mut String, rows: &[Row]) -> Result<(), Box<dyn std::error::Error>> {
    let area = SVGBackend::with_string(svg, (760, 460)).into_drawing_area();
    area.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&area)
        .margin(16)
        .margin_right(28)
        .x_label_area_size(48)
        .y_label_area_size(64)
        .build_cartesian_2d(0.0..END, 0.0..105.0)?;
    chart
        .configure_mesh()
        .max_light_lines(0)
        .bold_line_style(RGBColor(225, 225, 225))
        .x_labels(7)
        .y_labels(6)
        .x_label_formatter(&|time| format!("{time:.2}"))
        .y_label_formatter(&|share| format!("{share:.0} %"))
        .x_desc("time since the device booted, in units of N/20 s")
        .y_desc("devices that have their answer")
        .label_style(("sans-serif", 14))
        .axis_desc_style(("sans-serif", 15))
        .draw()?;
    let ideal = [(0.0, 0.0), (1.0, 100.0), (END, 100.0)];
    chart
        .draw_series(DashedLineSeries::new(ideal, 6, 4, IDEAL.stroke_width(2)))?
        .label("20 answers a second")
        .legend(|(x, y)| PathElement::new([(x, y), (x + 24, y)], IDEAL.stroke_width(2)));
    for (row, colour) in rows.iter().zip(COLOURS) {
        chart
            .draw_series(LineSeries::new(points(&row.answers), colour.stroke_width(2)))?
            .label(&row.name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 24, y)], colour.stroke_width(2)));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::LowerRight)
        .legend_area_size(32)
        .margin(12)
        .background_style(WHITE)
        .border_style(RGBColor(180, 180, 180))
        .label_font(("sans-serif", 14))
        .draw()?;
    area.present()?;
    Ok(())
}

/// Share over time, from nothing to the end of the axis.
fn points(answers: &[f64]) -> Vec<(f64, f64)> {
    let share = |count: usize| 100.0 * count as f64 / answers.len() as f64;
    let step = answers.len().div_ceil(MOST_POINTS);
    let mut points = vec![(0.0, 0.0), (answers[0], 0.0)];
    points.extend((step - 1..answers.len()).step_by(step).map(|index| (answers[index], share(index + 1))));
    points.extend([(answers[answers.len() - 1], 100.0), (END, 100.0)]);
    points
}
