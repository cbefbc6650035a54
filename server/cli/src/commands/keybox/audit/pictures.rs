//! The pictures: the map, the Lorenz plot of what is kept, digits, cycles.

use super::{sample::Sample, small::Cycles};
use crate::plots::{self, Area, BOUND, DATA, Drawn, GRID, SECOND, titled, to_svg};
use photonbox_keybox::audit::arcsine;
use plotters::coord::ranged1d::ValueFormatter;
use plotters::prelude::*;
use std::path::{Path, PathBuf};

type Chart<'a, 'b, X, Y> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<X, Y>>;

/// Draws all pictures; their paths.
pub(super) fn draw(
    folder: &Path,
    sample: &Sample,
    cycles: &Cycles,
) -> anyhow::Result<Vec<PathBuf>> {
    let s = sample.s();
    let map = Scatter {
        title: "The map",
        subtitle: format!("{} steps: each number makes the next", sample.map.len()),
        axes: ["Xₙ / M (1)", "Xₙ₊₁ / M (1)"],
        points: &sample.map,
    };
    let lorenz = Scatter {
        title: "Lorenz plot of the session keys",
        subtitle: format!(
            "{} pairs, {s} leading digits dropped; what the eye can't see here, 10^{s} trials find",
            sample.lorenz.len()
        ),
        axes: ["sXₙ / 10^64 (1)", "sXₙ₊₁ / 10^64 (1)"],
        points: &sample.lorenz,
    };
    let pictures = [
        ("map.svg", to_svg(|area| map.draw(area))),
        ("lorenz.svg", to_svg(|area| lorenz.draw(area))),
        ("digits.svg", to_svg(|area| draw_digits(area, sample))),
        ("cycles.svg", to_svg(|area| draw_cycles(area, cycles))),
    ];
    plots::write(folder, pictures)
}

/// Points in the unit square.
struct Scatter<'a> {
    title: &'a str,
    subtitle: String,
    axes: [&'a str; 2],
    points: &'a [(f64, f64)],
}

impl Scatter<'_> {
    fn draw(&self, area: &Area<'_>) -> Drawn {
        let area = titled(area, self.title, &self.subtitle)?;
        let mut chart = ChartBuilder::on(&area)
            .x_label_area_size(48)
            .y_label_area_size(84)
            .build_cartesian_2d(0.0..1.0, 0.0..1.0)?;
        mesh(
            &mut chart,
            self.axes,
            &|value| format!("{value:.1}"),
            &|value| format!("{value:.1}"),
        )?;
        let points = self.points.iter();
        chart.draw_series(points.map(|&point| Circle::new(point, 1, DATA.filled())))?;
        Ok(())
    }
}

/// Shares of the leading digit, beside the arcsine law, and of the first kept one.
fn draw_digits(area: &Area<'_>, sample: &Sample) -> Drawn {
    let found = sample.digits_found();
    let all = found.leading.iter().sum::<u64>().max(1) as f64;
    let subtitle = format!("{all:.0} numbers; dashed: equal shares");
    let area = titled(area, "A dropped digit and a kept one", &subtitle)?;
    let mut chart = ChartBuilder::on(&area)
        .x_label_area_size(48)
        .y_label_area_size(84)
        .build_cartesian_2d(-0.5..9.5, 0.0..0.25)?;
    mesh(
        &mut chart,
        ["digit", "share (1)"],
        &|digit| format!("{digit:.0}"),
        &|share| format!("{share:.2}"),
    )?;
    let kept = format!("digit {}, the first kept", sample.s() + 1);
    for (counts, colour, name, left) in [
        (&found.leading, DATA, "digit 1, dropped", -0.36),
        (&found.first_kept, SECOND, kept.as_str(), 0.02),
    ] {
        let bars = counts.iter().enumerate().map(|(digit, &count)| {
            let from = digit as f64 + left;
            let height = count as f64 / all;
            Rectangle::new([(from, 0.0), (from + 0.34, height)], colour.filled())
        });
        chart
            .draw_series(bars)?
            .label(name)
            .legend(move |(x, y)| Rectangle::new([(x, y - 6), (x + 24, y + 6)], colour.filled()));
    }
    let law = arcsine::digit(1).into_iter().enumerate();
    let marks = law.map(|(digit, share)| {
        let digit = digit as f64;
        let ends = [(digit - 0.42, share), (digit + 0.04, share)];
        PathElement::new(ends, BLACK.stroke_width(3))
    });
    chart
        .draw_series(marks)?
        .label("digit 1, arcsine law")
        .legend(|(x, y)| PathElement::new([(x, y), (x + 24, y)], BLACK.stroke_width(3)));
    let flat = [(-0.5, 0.1), (9.5, 0.1)];
    chart.draw_series(DashedLineSeries::new(flat, 8, 5, BOUND.stroke_width(2)))?;
    legend(&mut chart, SeriesLabelPosition::UpperMiddle)
}

/// Steps until a number repeats, against those of a random map.
fn draw_cycles(area: &Area<'_>, cycles: &Cycles) -> Drawn {
    let (Some(first), Some(last)) = (cycles.rows.first(), cycles.rows.last()) else {
        return Ok(());
    };
    let random = |digits: f64| (std::f64::consts::FRAC_PI_2 * 10_f64.powf(digits)).sqrt();
    let lambda = |digits: f64| cycles.lambda_a + cycles.lambda_b * digits;
    let subtitle = format!(
        "means over {} moduli next to 10^D; λ = {:.2} + {:.2} D",
        first.moduli, cycles.lambda_a, cycles.lambda_b
    );
    let area = titled(area, "Steps until a number repeats", &subtitle)?;
    let (left, right) = (
        f64::from(first.digits) - 0.25,
        f64::from(last.digits) + 0.25,
    );
    let mut chart = ChartBuilder::on(&area)
        .x_label_area_size(48)
        .y_label_area_size(84)
        .build_cartesian_2d(
            left..right,
            (0.5 * random(left)..2.0 * random(right)).log_scale(),
        )?;
    mesh(
        &mut chart,
        ["D (digits)", "steps"],
        // There are no halves of a digit, though there are lines at them.
        &|digits| {
            let whole = (digits - digits.round()).abs() < 1e-6;
            if whole {
                format!("{digits:.0}")
            } else {
                String::new()
            }
        },
        &|steps| format!("{steps:.0}"),
    )?;
    let places = || (0..=8).map(|n| left + (right - left) * f64::from(n) / 8.0);
    chart
        .draw_series(LineSeries::new(
            places().map(|digits| (digits, random(digits))),
            BOUND.stroke_width(2),
        ))?
        .label("a random map, √(πM/2)")
        .legend(|(x, y)| PathElement::new([(x, y), (x + 24, y)], BOUND.stroke_width(2)));
    chart
        .draw_series(LineSeries::new(
            places().map(|digits| (digits, random(digits) / lambda(digits).max(0.1).sqrt())),
            DATA.stroke_width(2),
        ))?
        .label("√(πM/(2λ))")
        .legend(|(x, y)| PathElement::new([(x, y), (x + 24, y)], DATA.stroke_width(2)));
    let measured = cycles.rows.iter().map(|row| {
        let place = (f64::from(row.digits), row.repeats_after);
        Circle::new(place, 5, SECOND.filled())
    });
    chart
        .draw_series(measured)?
        .label("measured")
        .legend(|(x, y)| Circle::new((x + 12, y), 5, SECOND.filled()));
    legend(&mut chart, SeriesLabelPosition::UpperLeft)
}

/// Axes as all plots have them.
fn mesh<X, Y>(
    chart: &mut Chart<'_, '_, X, Y>,
    names: [&str; 2],
    x: &dyn Fn(&f64) -> String,
    y: &dyn Fn(&f64) -> String,
) -> Drawn
where
    X: Ranged<ValueType = f64> + ValueFormatter<f64>,
    Y: Ranged<ValueType = f64> + ValueFormatter<f64>,
{
    chart
        .configure_mesh()
        .bold_line_style(GRID)
        .light_line_style(TRANSPARENT)
        .label_style(("sans-serif", 15))
        .axis_desc_style(("sans-serif", 17))
        .x_label_formatter(&x)
        .y_label_formatter(&y)
        .x_desc(names[0])
        .y_desc(names[1])
        .draw()?;
    Ok(())
}

fn legend<'b, X: Ranged, Y: Ranged>(
    chart: &mut Chart<'b, 'b, X, Y>,
    position: SeriesLabelPosition,
) -> Drawn {
    chart
        .configure_series_labels()
        .position(position)
        .legend_area_size(32)
        .label_font(("sans-serif", 15))
        .background_style(WHITE)
        .border_style(GRID)
        .draw()?;
    Ok(())
}
