//! The plots of `docs/performance.md`. Uses `clients`, `growth`, `results`.

use std::error::Error;

use plotters::coord::Shift;
use plotters::coord::ranged1d::ValueFormatter;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::clients::{Client, Setting};
use crate::growth::{Growth, Point, megabytes};
use crate::results::{Figure, Results, micro};

/// Told apart by the colour-blind, too.
const COLOURS: [RGBColor; 4] =
    [RGBColor(0, 114, 178), RGBColor(230, 159, 0), RGBColor(240, 210, 130), RGBColor(140, 140, 140)];
const LINE: RGBColor = RGBColor(225, 225, 225);
const BAR_WIDTH: f64 = 0.22;

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
type Drawn = Result<(), Box<dyn Error>>;

/// Groups of bars: one group a setting, in it one bar a client.
struct Bars {
    title: &'static str,
    groups: Vec<(String, [Option<f64>; 4])>,
    decimals: usize,
}

/// The clients side by side, as SVG.
pub fn comparison(results: &Results) -> String {
    let by_devices = |title, figure, tls| Bars {
        title,
        groups: [2, 20, 100].map(|devices| (format!("{devices} devices"), of(results, figure, tls, devices))).to_vec(),
        decimals: 0,
    };
    let by_protocol = |figure, devices| {
        [("HTTP", false), ("HTTPS", true)].map(|(name, tls)| (name.to_owned(), of(results, figure, tls, devices)))
    };
    let mut memory = by_protocol(Figure::PeakMemory, 100).to_vec();
    memory.push(("files loaded".to_owned(), of(results, Figure::LoadedBytes, true, 2)));
    let panels = [
        by_devices("CPU of a warm call over HTTP, µs", Figure::Cpu, false),
        by_devices("CPU of a warm call over HTTPS, µs", Figure::Cpu, true),
        by_devices("instructions of a warm call over HTTP, thousands", Figure::Instructions, false),
        by_devices("heap allocations of a warm call over HTTP", Figure::Allocations, false),
        Bars { title: "a process with one call, ms", groups: by_protocol(Figure::FirstCall, 2).to_vec(), decimals: 1 },
        Bars { title: "peak memory after 1 000 calls, and files, MB", groups: memory, decimals: 1 },
    ];
    drawn(|svg| draw_comparison(svg, &panels))
}

/// In the unit that the figure is shown in.
fn of(results: &Results, figure: Figure, tls: bool, devices: usize) -> [Option<f64>; 4] {
    let (_, _, divisor, _) = figure.shown();
    Client::ALL.map(|client| Some(results.value(figure, Setting { tls, devices }, client)? / divisor))
}

fn drawn(draw: impl FnOnce(&mut String) -> Drawn) -> String {
    let mut svg = String::new();
    draw(&mut svg).unwrap();
    svg
}

fn draw_comparison(svg: &mut String, panels: &[Bars]) -> Drawn {
    let area = SVGBackend::with_string(svg, (1080, 640)).into_drawing_area();
    area.fill(&WHITE)?;
    let (head, body) = area.split_vertically(40);
    let names = [
        "libtrro",
        "written by hand (libcurl, OpenSSL, cJSON)",
        "the same, tuned",
        "floor (a socket, a prepared request)",
    ];
    legend(&head, &names)?;
    for (panel, bars) in body.split_evenly((2, 3)).iter().zip(panels) {
        draw_bars(panel, bars)?;
    }
    area.present()?;
    Ok(())
}

fn legend(area: &Area<'_>, names: &[&str]) -> Drawn {
    let mut left = 60;
    for (name, colour) in names.iter().zip(COLOURS) {
        area.draw(&Rectangle::new([(left, 16), (left + 14, 30)], colour.filled()))?;
        area.draw(&Text::new(*name, (left + 20, 16), ("sans-serif", 15)))?;
        left += 60 + 8 * i32::try_from(name.len())?;
    }
    Ok(())
}

fn draw_bars(area: &Area<'_>, bars: &Bars) -> Drawn {
    let values = bars.groups.iter().flat_map(|(_, values)| values.iter().flatten());
    let most = values.copied().fold(0.0, f64::max).max(1e-9);
    let mut chart = ChartBuilder::on(area)
        .margin(10)
        .caption(bars.title, ("sans-serif", 15))
        .x_label_area_size(26)
        .y_label_area_size(46)
        .build_cartesian_2d(-0.5..bars.groups.len() as f64 - 0.5, 0.0..1.12 * most)?;
    let names: Vec<&str> = bars.groups.iter().map(|(name, _)| name.as_str()).collect();
    let name = |at: &f64| {
        let is_group = (at - at.round()).abs() < 1e-6 && at.round() >= 0.0;
        if is_group { names.get(at.round() as usize).copied().unwrap_or_default().to_owned() } else { String::new() }
    };
    chart
        .configure_mesh()
        .disable_x_mesh()
        .max_light_lines(0)
        .bold_line_style(LINE)
        .x_labels(names.len())
        .y_labels(5)
        .x_label_formatter(&name)
        .y_label_formatter(&|at| plain(*at))
        .label_style(("sans-serif", 14))
        .draw()?;
    let label = ("sans-serif", 13).into_font().color(&BLACK).pos(Pos::new(HPos::Center, VPos::Bottom));
    for (group, (_, values)) in bars.groups.iter().enumerate() {
        for (index, (value, colour)) in values.iter().zip(COLOURS).enumerate() {
            let Some(value) = *value else { continue };
            let middle = group as f64 + (index as f64 - 1.5) * BAR_WIDTH;
            let corners = [(middle - 0.46 * BAR_WIDTH, 0.0), (middle + 0.46 * BAR_WIDTH, value)];
            chart.draw_series([Rectangle::new(corners, colour.filled())])?;
            let text = format!("{value:.*}", bars.decimals);
            chart.draw_series([Text::new(text, (middle, value + 0.01 * most), label.clone())])?;
        }
    }
    Ok(())
}

/// A curve for HTTP and one for HTTPS.
struct Curves<'g> {
    title: &'static str,
    x: &'static str,
    points: &'g [Point],
    value: fn(&Point) -> f64,
    scale: Scale,
}

/// Of the two axes.
enum Scale {
    Linear,
    LogarithmicX,
    Logarithmic,
}

/// How cost grows, as SVG.
pub fn growth(growth: &Growth) -> String {
    let cpu = |point: &Point| micro(point.cpu_ns);
    let curves = [
        Curves {
            title: "CPU of a call, µs a device",
            x: "devices a page",
            points: &growth.devices,
            value: |point| micro(point.cpu_ns) / point.at as f64,
            scale: Scale::Logarithmic,
        },
        Curves { title: "CPU of a call, µs", x: "threads", points: &growth.threads, value: cpu, scale: Scale::Linear },
        Curves {
            title: "CPU of a call, µs, since the point before",
            x: "calls",
            points: &growth.calls,
            value: cpu,
            scale: Scale::Logarithmic,
        },
        Curves {
            title: "peak memory, MB",
            x: "devices a page",
            points: &growth.devices,
            value: megabytes,
            scale: Scale::LogarithmicX,
        },
        Curves {
            title: "peak memory, MB",
            x: "threads",
            points: &growth.threads,
            value: megabytes,
            scale: Scale::Linear,
        },
        Curves { title: "memory, MB", x: "calls", points: &growth.calls, value: megabytes, scale: Scale::LogarithmicX },
    ];
    drawn(|svg| draw_growth(svg, &curves))
}

fn draw_growth(svg: &mut String, curves: &[Curves<'_>]) -> Drawn {
    let area = SVGBackend::with_string(svg, (1080, 660)).into_drawing_area();
    area.fill(&WHITE)?;
    let (head, body) = area.split_vertically(40);
    legend(&head, &["HTTP", "HTTPS"])?;
    for (panel, curves) in body.split_evenly((2, 3)).iter().zip(curves) {
        draw_curves(panel, curves)?;
    }
    area.present()?;
    Ok(())
}

fn draw_curves(area: &Area<'_>, curves: &Curves<'_>) -> Drawn {
    let values: Vec<f64> = curves.points.iter().map(curves.value).collect();
    let most = values.iter().copied().fold(0.0, f64::max).max(1e-9);
    let least = values.iter().copied().fold(f64::MAX, f64::min).max(1e-9);
    let last = curves.points.iter().map(|point| point.at).max().unwrap_or(1) as f64;
    let mut builder = ChartBuilder::on(area);
    builder.margin(10).margin_right(32).caption(curves.title, ("sans-serif", 15)).x_label_area_size(42);
    builder.y_label_area_size(52);
    let (x, y) = ((0.8..1.25 * last).log_scale(), 0.0..1.15 * most);
    // Axes of different kinds are of different types.
    match curves.scale {
        Scale::Linear => draw_lines(builder.build_cartesian_2d(0.0..1.03 * last, y)?, curves),
        Scale::LogarithmicX => draw_lines(builder.build_cartesian_2d(x, y)?, curves),
        Scale::Logarithmic => draw_lines(builder.build_cartesian_2d(x, (least / 2.0..2.0 * most).log_scale())?, curves),
    }
}

fn draw_lines<'a, X, Y>(mut chart: ChartContext<'a, SVGBackend<'a>, Cartesian2d<X, Y>>, curves: &Curves<'_>) -> Drawn
where
    X: Ranged<ValueType = f64> + ValueFormatter<f64>,
    Y: Ranged<ValueType = f64> + ValueFormatter<f64>,
{
    chart
        .configure_mesh()
        .max_light_lines(0)
        .bold_line_style(LINE)
        .x_labels(6)
        .y_labels(6)
        .x_desc(curves.x)
        .x_label_formatter(&|at| plain(*at))
        .y_label_formatter(&|at| plain(*at))
        .label_style(("sans-serif", 14))
        .axis_desc_style(("sans-serif", 14))
        .draw()?;
    for (tls, colour) in [false, true].into_iter().zip(COLOURS) {
        let points = curves.points.iter().filter(|point| point.tls == tls);
        let points: Vec<(f64, f64)> = points.map(|point| (point.at as f64, (curves.value)(point))).collect();
        chart.draw_series(LineSeries::new(points.iter().copied(), colour.stroke_width(2)))?;
        chart.draw_series(points.iter().map(|point| Circle::new(*point, 3, colour.filled())))?;
    }
    Ok(())
}

/// A number without needless digits, and thousands apart.
fn plain(number: f64) -> String {
    match number {
        10_000.0.. => format!("{:.0} {:03.0}", (number / 1000.0).floor(), number % 1000.0),
        10.0.. => format!("{number:.0}"),
        _ if number == number.round() => format!("{number:.0}"),
        _ => format!("{number:.1}"),
    }
}
