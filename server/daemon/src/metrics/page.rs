//! Writing a page: families with their help, type and unit, and the series of each.

use std::fmt;

use prometheus_client::encoding::{
    DescriptorEncoder, EncodeCounterValue, EncodeGaugeValue, EncodeLabelSet, NoLabelSet,
};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Unit;

/// Information, by the meaning of the word in this project: bits of entropy, or raw bits of a lane.
pub(crate) fn bits() -> Unit {
    Unit::Other("bits".to_owned())
}

/// What is stored or sent.
pub(crate) fn bytes() -> Unit {
    Unit::Bytes
}

/// Time.
pub(crate) fn seconds() -> Unit {
    Unit::Seconds
}

/// Rates that the card measures itself.
pub(crate) fn per_second() -> Unit {
    Unit::Other("per_second".to_owned())
}

/// The page of one scrape. A unit is appended to the name, and `total` to a counter's.
pub(crate) struct Page<'a>(pub(super) DescriptorEncoder<'a>);

impl Page<'_> {
    /// A gauge without labels.
    pub(crate) fn gauge(
        &mut self,
        name: &'static str,
        help: &'static str,
        unit: Option<&Unit>,
        value: impl EncodeGaugeValue,
    ) -> fmt::Result {
        self.0
            .encode_descriptor(name, help, unit, MetricType::Gauge)?
            .encode_gauge(&value)
    }

    /// A gauge of one series for each set of labels.
    pub(crate) fn gauges<L: EncodeLabelSet, V: EncodeGaugeValue>(
        &mut self,
        name: &'static str,
        help: &'static str,
        unit: Option<&Unit>,
        series: impl IntoIterator<Item = (L, V)>,
    ) -> fmt::Result {
        let mut family = self
            .0
            .encode_descriptor(name, help, unit, MetricType::Gauge)?;
        for (labels, value) in series {
            family.encode_family(&labels)?.encode_gauge(&value)?;
        }
        Ok(())
    }

    /// A counter without labels.
    pub(crate) fn counter(
        &mut self,
        name: &'static str,
        help: &'static str,
        unit: Option<&Unit>,
        value: impl EncodeCounterValue,
    ) -> fmt::Result {
        self.0
            .encode_descriptor(name, help, unit, MetricType::Counter)?
            .encode_counter::<NoLabelSet, _, u64>(&value, None)
    }

    /// A counter of one series for each set of labels.
    pub(crate) fn counters<L: EncodeLabelSet, V: EncodeCounterValue>(
        &mut self,
        name: &'static str,
        help: &'static str,
        unit: Option<&Unit>,
        series: impl IntoIterator<Item = (L, V)>,
    ) -> fmt::Result {
        let mut family = self
            .0
            .encode_descriptor(name, help, unit, MetricType::Counter)?;
        for (labels, value) in series {
            family
                .encode_family(&labels)?
                .encode_counter::<NoLabelSet, _, u64>(&value, None)?;
        }
        Ok(())
    }

    /// 1 for yes, 0 for no.
    pub(crate) fn flag(
        &mut self,
        name: &'static str,
        help: &'static str,
        value: bool,
    ) -> fmt::Result {
        self.gauge(name, help, None, u64::from(value))
    }

    /// 1 for the state that holds, 0 for the others.
    pub(crate) fn states(
        &mut self,
        name: &'static str,
        help: &'static str,
        all: &[&'static str],
        now: &str,
    ) -> fmt::Result {
        let series = all
            .iter()
            .map(|state| ([("state", *state)], u64::from(*state == now)));
        self.gauges(name, help, None, series)
    }

    /// What does not change, in labels.
    pub(crate) fn info(
        &mut self,
        name: &'static str,
        help: &'static str,
        labels: &impl EncodeLabelSet,
    ) -> fmt::Result {
        self.0
            .encode_descriptor(name, help, None, MetricType::Info)?
            .encode_info(labels)
    }
}
