//! The plots of `photonbox assess`: autocorrelation, bias over time, times between detections. SVG,
//! so that they need neither fonts nor image libraries here. `keybox audit` draws in the same form.

use crate::exit::Failure;
use photonbox_entropy::assess::series::{autocorrelation, bias};
use photonbox_simcard::ptu::{Capture, Detector};
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use std::error::Error;
use std::path::{Path, PathBuf};

/// Size of a plot, pixels.
const SIZE: (u32, u32) = (900, 520);
/// Lags of the autocorrelation.
const LAGS: usize = 100;
/// Pieces of the bias plot.
const PIECES: usize = 100;
/// Bins a decade of the times between detections.
const BINS_PER_DECADE: f64 = 20.0;
/// Two-sided 99 % quantile of the normal distribution.
const Z_99: f64 = 2.576;

pub(crate) const DATA: RGBColor = RGBColor(0x1f, 0x5f, 0xa8);
pub(crate) const SECOND: RGBColor = RGBColor(0xc7, 0x5b, 0x12);
pub(crate) const BOUND: RGBColor = RGBColor(0xa0, 0x20, 0x30);
pub(crate) const GRID: RGBColor = RGBColor(0xe4, 0xe4, 0xe4);

/// A plot's failure, whatever its part.
pub(crate) type Drawn = Result<(), Box<dyn Error>>;

/// Times between detections, nanoseconds.
pub(crate) struct Arrivals {
    /// Between any two neighbours.
    any: Vec<f64>,
    /// Between neighbours on the same detector, where its dead time shows.
    same: Vec<f64>,
}

impl Arrivals {
    /// Those of a recording.
    pub(crate) fn of(capture: &Capture) -> Self {
        let mut arrivals = Self {
            any: Vec::new(),
            same: Vec::new(),
        };
        let mut last = None;
        let (mut last_a, mut last_b) = (None, None);
        for event in capture.events() {
            let last_same = match event.detector {
                Detector::A => &mut last_a,
                Detector::B => &mut last_b,
            };
            let since = |earlier: u64| event.time_ps.saturating_sub(earlier) as f64 * 1e-3;
            arrivals.any.extend(last.replace(event.time_ps).map(since));
            arrivals
                .same
                .extend(last_same.replace(event.time_ps).map(since));
        }
        arrivals
    }
}

/// Draws what can be drawn into `folder`, which is made if it is not there; the files' paths.
pub(crate) fn draw(
    folder: &Path,
    bits: &[u8],
    arrivals: Option<&Arrivals>,
) -> anyhow::Result<Vec<PathBuf>> {
    make(folder)?;
    let mut plots = vec![
        (
            "autocorrelation.svg",
            to_svg(|area| draw_autocorrelation(area, bits)),
        ),
        ("bias.svg", to_svg(|area| draw_bias(area, bits))),
    ];
    if let Some(arrivals) = arrivals {
        plots.push((
            "inter-arrival.svg",
            to_svg(|area| draw_arrivals(area, arrivals)),
        ));
    }
    write(folder, plots)
}

/// Makes the folder, if it is not there.
pub(crate) fn make(folder: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder).map_err(|error| failure(folder, &error))
}

/// Writes drawn pictures, by name; the files' paths.
pub(crate) fn write(
    folder: &Path,
    plots: impl IntoIterator<Item = Plot>,
) -> anyhow::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for (name, plot) in plots {
        let path = folder.join(name);
        let svg = plot.map_err(|error| failure(&path, &*error))?;
        std::fs::write(&path, svg).map_err(|error| failure(&path, &error))?;
        paths.push(path);
    }
    Ok(paths)
}

fn failure(path: &Path, error: &dyn Error) -> anyhow::Error {
    Failure::failed(
        format!("cannot draw {}: {error}", path.display()),
        "name a folder that exists or can be made, and may be written",
    )
}

/// A file's name, and what [`to_svg`] gave.
pub(crate) type Plot = (&'static str, Result<String, Box<dyn Error>>);

/// A picture, or a part of it.
pub(crate) type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// The picture that `plot` draws, as text.
pub(crate) fn to_svg(plot: impl FnOnce(&Area<'_>) -> Drawn) -> Result<String, Box<dyn Error>> {
    let mut svg = String::new();
    let area = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    plot(&area)?;
    area.present()?;
    drop(area);
    Ok(svg)
}

/// Title and subtitle; the area below them.
pub(crate) fn titled<'a>(
    area: &Area<'a>,
    title: &str,
    subtitle: &str,
) -> Result<Area<'a>, Box<dyn Error>> {
    let centred = |size: u32| {
        ("sans-serif", size)
            .into_font()
            .color(&BLACK)
            .pos(Pos::new(HPos::Center, VPos::Top))
    };
    let middle = SIZE.0 as i32 / 2;
    area.draw_text(title, &centred(22), (middle, 12))?;
    area.draw_text(subtitle, &centred(15), (middle, 42))?;
    Ok(area.margin(66, 12, 12, 24))
}

fn draw_autocorrelation(area: &Area<'_>, bits: &[u8]) -> Drawn {
    let values: Vec<f64> = autocorrelation(bits, LAGS).into_iter().skip(1).collect();
    let bound = Z_99 / (bits.len() as f64).sqrt();
    let outside = values.iter().filter(|value| value.abs() > bound).count();
    let reach = values
        .iter()
        .fold(bound, |reach, value| reach.max(value.abs()))
        * 1.15;
    let area = titled(
        area,
        "Autocorrelation of the bits",
        &format!(
            "dashed: ±2.576/√n = ±{bound:.5}, 99 % of independent bits; {outside} of {} lags outside",
            values.len()
        ),
    )?;
    let mut chart = ChartBuilder::on(&area)
        .x_label_area_size(48)
        .y_label_area_size(84)
        .build_cartesian_2d(0.0..LAGS as f64 + 1.0, -reach..reach)?;
    chart
        .configure_mesh()
        .bold_line_style(GRID)
        .light_line_style(TRANSPARENT)
        .label_style(("sans-serif", 15))
        .axis_desc_style(("sans-serif", 17))
        .x_labels(11)
        .x_label_formatter(&|lag| format!("{lag:.0}"))
        .y_label_formatter(&|value| format!("{value:.3}"))
        .x_desc("lag (bits)")
        .y_desc("autocorrelation (1)")
        .draw()?;
    chart.draw_series(values.iter().enumerate().map(|(index, &value)| {
        let lag = (index + 1) as f64;
        PathElement::new([(lag, 0.0), (lag, value)], DATA.stroke_width(4))
    }))?;
    let end = LAGS as f64 + 1.0;
    chart.draw_series(LineSeries::new(
        [(0.0, 0.0), (end, 0.0)],
        BLACK.stroke_width(1),
    ))?;
    for height in [bound, -bound] {
        chart.draw_series(DashedLineSeries::new(
            [(0.0, height), (end, height)],
            8,
            5,
            BOUND.stroke_width(2),
        ))?;
    }
    Ok(())
}

fn draw_bias(area: &Area<'_>, bits: &[u8]) -> Drawn {
    let pieces = bias(bits, PIECES);
    let mean = bits.iter().filter(|&&bit| bit == 1).count() as f64 / bits.len().max(1) as f64;
    let width = pieces
        .get(1)
        .map_or(bits.len(), |&(second, _)| second)
        .max(1);
    let bound = Z_99 * (mean * (1.0 - mean) / width as f64).sqrt();
    let reach = pieces
        .iter()
        .fold(bound, |reach, (_, share)| reach.max((share - mean).abs()))
        * 1.25;
    let area = titled(
        area,
        "Share of ones over time",
        &format!(
            "pieces of {width} bits; solid: mean {mean:.5}; dashed: mean ± {bound:.5}, 99 % if nothing drifts"
        ),
    )?;
    let end = bits.len() as f64;
    let mut chart = ChartBuilder::on(&area)
        .x_label_area_size(48)
        .y_label_area_size(84)
        .build_cartesian_2d(0.0..end, mean - reach..mean + reach)?;
    chart
        .configure_mesh()
        .bold_line_style(GRID)
        .light_line_style(TRANSPARENT)
        .label_style(("sans-serif", 15))
        .axis_desc_style(("sans-serif", 17))
        .x_labels(9)
        .x_label_formatter(&|bit| format!("{bit:.0}"))
        .y_label_formatter(&|share| format!("{share:.3}"))
        .x_desc("bit number, in order of time (bits)")
        .y_desc("share of ones (1)")
        .draw()?;
    let middles = pieces.iter().map(|&(start, share)| {
        (
            start as f64 + 0.5 * width.min(bits.len() - start) as f64,
            share,
        )
    });
    chart.draw_series(LineSeries::new(middles.clone(), DATA.stroke_width(2)))?;
    chart.draw_series(middles.map(|point| Circle::new(point, 3, DATA.filled())))?;
    chart.draw_series(LineSeries::new(
        [(0.0, mean), (end, mean)],
        BLACK.stroke_width(1),
    ))?;
    for height in [mean + bound, mean - bound] {
        chart.draw_series(DashedLineSeries::new(
            [(0.0, height), (end, height)],
            8,
            5,
            BOUND.stroke_width(2),
        ))?;
    }
    Ok(())
}

fn draw_arrivals(area: &Area<'_>, arrivals: &Arrivals) -> Drawn {
    let bins = Bins::covering(&arrivals.any, &arrivals.same);
    let (any, same) = (bins.count(&arrivals.any), bins.count(&arrivals.same));
    let highest = any.iter().chain(&same).copied().max().unwrap_or(0).max(1);
    let shortest = arrivals.same.iter().copied().fold(f64::INFINITY, f64::min);
    let subtitle = if shortest.is_finite() {
        format!(
            "{BINS_PER_DECADE} bins a decade; shortest on one detector: {shortest:.1} ns (dead time)"
        )
    } else {
        format!("{BINS_PER_DECADE} bins a decade")
    };
    let area = titled(area, "Time between detections", &subtitle)?;
    let mut chart = ChartBuilder::on(&area)
        .x_label_area_size(48)
        .y_label_area_size(84)
        .build_cartesian_2d(
            (bins.edge(0)..bins.edge(bins.count)).log_scale(),
            0.0..highest as f64 * 1.1,
        )?;
    chart
        .configure_mesh()
        .bold_line_style(GRID)
        .light_line_style(TRANSPARENT)
        .label_style(("sans-serif", 15))
        .axis_desc_style(("sans-serif", 17))
        .x_label_formatter(&|time| nanoseconds(*time))
        .y_label_formatter(&|count| format!("{count:.0}"))
        .x_desc("time since the last detection (ns)")
        .y_desc("detections a bin")
        .draw()?;
    for (counts, colour, name) in [
        (&any, DATA, "either detector"),
        (&same, SECOND, "the same detector"),
    ] {
        chart
            .draw_series(LineSeries::new(
                bins.outline(counts),
                colour.stroke_width(2),
            ))?
            .label(name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 24, y)], colour.stroke_width(3)));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .legend_area_size(32)
        .label_font(("sans-serif", 15))
        .background_style(WHITE)
        .border_style(GRID)
        .draw()?;
    Ok(())
}

/// Numbers on the time axis: whole where they are, plain below a nanosecond.
fn nanoseconds(time: f64) -> String {
    if time >= 1.0 {
        format!("{time:.0}")
    } else {
        format!("{time}")
    }
}

/// Bins of equal width on a logarithmic axis of nanoseconds.
struct Bins {
    /// Number of the first bin: its lower edge is 10^(first / bins a decade).
    first: i32,
    count: usize,
}

impl Bins {
    /// Those that hold all `times`; what is below a picosecond goes into the first.
    fn covering(any: &[f64], same: &[f64]) -> Self {
        let range = any
            .iter()
            .chain(same)
            .fold((f64::INFINITY, 0.0_f64), |(low, high), &time| {
                (low.min(time), high.max(time))
            });
        if range.1 <= 0.0 {
            // Nothing, or nothing but the same instant: one decade to draw on.
            return Self {
                first: 0,
                count: BINS_PER_DECADE as usize,
            };
        }
        let first = Self::number(range.0);
        Self {
            first,
            count: (Self::number(range.1) - first + 1) as usize,
        }
    }

    fn number(time: f64) -> i32 {
        (time.max(1e-3).log10() * BINS_PER_DECADE).floor() as i32
    }

    /// Lower edge of a bin, nanoseconds; the upper edge of the last for `count`.
    fn edge(&self, bin: usize) -> f64 {
        10.0_f64.powf((f64::from(self.first) + bin as f64) / BINS_PER_DECADE)
    }

    fn count(&self, times: &[f64]) -> Vec<u64> {
        let mut counts = vec![0; self.count];
        for &time in times {
            let bin = usize::try_from(Self::number(time) - self.first).unwrap_or(0);
            counts[bin.min(self.count - 1)] += 1;
        }
        counts
    }

    /// The steps of a histogram.
    fn outline(&self, counts: &[u64]) -> Vec<(f64, f64)> {
        let mut points = vec![(self.edge(0), 0.0)];
        for (bin, &count) in counts.iter().enumerate() {
            points.push((self.edge(bin), count as f64));
            points.push((self.edge(bin + 1), count as f64));
        }
        points.push((self.edge(counts.len()), 0.0));
        points
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use photonbox_simcard::ptu::{RecordType, Writer};

    fn capture() -> Capture {
        let mut writer = Writer::new(RecordType::HydraHarpV2, 1e-12);
        writer
            .photon(Detector::A, 0)
            .photon(Detector::B, 50_000)
            .photon(Detector::A, 150_000);
        Capture::parse(&writer.to_bytes()).unwrap()
    }

    #[test]
    fn arrivals_by_hand() {
        let arrivals = Arrivals::of(&capture());
        assert_eq!(arrivals.any, [50.0, 100.0]);
        assert_eq!(arrivals.same, [150.0]);
    }

    #[test]
    fn bins_hold_everything_once() {
        let times = [0.0, 0.5, 1.0, 9.99, 10.0, 123_456.0];
        let bins = Bins::covering(&times, &[]);
        let counts = bins.count(&times);
        assert_eq!(counts.iter().sum::<u64>(), 6);
        assert_eq!((counts[0], counts[bins.count - 1]), (1, 1));
        for &time in &times[1..] {
            let bin = (0..bins.count)
                .find(|&bin| time < bins.edge(bin + 1))
                .unwrap();
            assert!(time >= bins.edge(bin) * (1.0 - 1e-12), "{time}");
        }
        assert_eq!(bins.outline(&counts).len(), 2 * bins.count + 2);
        let none = Bins::covering(&[], &[]);
        assert_eq!(none.count(&[]).len(), 20);
    }

    #[test]
    fn plots_carry_titles_axes_and_all_data() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("new/plots");
        // An asymmetric period: correlated at every lag.
        let bits: Vec<u8> = (0..5_000_u32).map(|i| u8::from(i * i % 11 < 4)).collect();
        let arrivals = Arrivals::of(&capture());
        let paths = draw(&target, &bits, Some(&arrivals)).unwrap();
        let names: Vec<_> = paths
            .iter()
            .map(|path| path.file_name().unwrap().to_str().unwrap())
            .collect();
        assert_eq!(
            names,
            ["autocorrelation.svg", "bias.svg", "inter-arrival.svg"]
        );
        let svg: Vec<String> = paths
            .iter()
            .map(|path| std::fs::read_to_string(path).unwrap())
            .collect();
        for (svg, words) in svg.iter().zip([
            [
                "Autocorrelation of the bits",
                "lag (bits)",
                "autocorrelation (1)",
            ],
            [
                "Share of ones over time",
                "bit number, in order of time (bits)",
                "share of ones (1)",
            ],
            [
                "Time between detections",
                "time since the last detection (ns)",
                "detections a bin",
            ],
        ]) {
            assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"));
            words
                .iter()
                .for_each(|words| assert!(svg.contains(words), "{words}"));
        }
        // One stroke of width 4 a lag, one dot a piece, two curves with their names.
        assert_eq!(svg[0].matches(r#"stroke-width="4""#).count(), LAGS);
        assert_eq!(svg[1].matches("<circle").count(), PIECES);
        assert!(svg[2].contains("either detector") && svg[2].contains("150.0 ns (dead time)"));
        assert_eq!(
            draw(&target, &bits, None).unwrap().len(),
            2,
            "a bit file knows no times"
        );
    }
}
