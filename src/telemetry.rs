//! Logs and traces of the service's own running. Nothing personal is ever a field.

use std::io::IsTerminal;

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::{ExporterBuildError, SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use serde::Deserialize;
use tracing_subscriber::filter::ParseError;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, Registry};
use url::Url;

/// What is written, and where traces go.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TelemetryConfig {
    /// Filter directives, such as `info,interop_gateway=debug`.
    pub filter: String,
    /// Shape of log lines.
    pub format: Format,
    /// OTLP/HTTP collector, such as `http://127.0.0.1:4318`; traces stay here without one.
    pub otlp_endpoint: Option<Url>,
}

/// Shape of log lines.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// One JSON object a line, for machines.
    Json,
    /// For people.
    Text,
}

impl Default for TelemetryConfig {
    fn default() -> Self {
        Self {
            filter: "info".to_owned(),
            format: Format::Text,
            otlp_endpoint: None,
        }
    }
}

/// Why telemetry cannot start.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The trace exporter refused its settings.
    #[error("the OTLP exporter cannot be built")]
    Exporter(#[from] ExporterBuildError),
    /// The filter directives do not parse.
    #[error("telemetry.filter is not a list of directives such as info,interop_gateway=debug")]
    Filter(#[from] ParseError),
}

/// Keeps the trace exporter; shut it down last, outside the asynchronous runtime.
#[derive(Debug)]
#[must_use]
pub struct Telemetry {
    traces: Option<SdkTracerProvider>,
}

/// Installs the subscriber of this process. Log lines go to standard error.
pub fn start(config: &TelemetryConfig) -> Result<Telemetry, TelemetryError> {
    let filter = EnvFilter::builder().parse(&config.filter)?;
    let traces = config.otlp_endpoint.as_ref().map(exporter).transpose()?;
    let spans = traces.as_ref().map(|provider| {
        tracing_opentelemetry::layer().with_tracer(provider.tracer("interop-gateway"))
    });
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let lines: Box<dyn Layer<Registry> + Send + Sync> = match config.format {
        Format::Json => lines.json().boxed(),
        Format::Text => lines.with_ansi(std::io::stderr().is_terminal()).boxed(),
    };
    // A second subscriber in one process (tests) leaves the first in place.
    let _ = tracing_subscriber::registry()
        .with(lines)
        .with(spans)
        .with(filter)
        .try_init();
    Ok(Telemetry { traces })
}

impl Telemetry {
    /// Sends what is still held. Blocks: call it after the runtime has ended.
    pub fn finish(self) {
        if let Some(traces) = self.traces {
            let _ = traces.shutdown();
        }
    }
}

fn exporter(endpoint: &Url) -> Result<SdkTracerProvider, ExporterBuildError> {
    let endpoint = format!("{}/v1/traces", endpoint.as_str().trim_end_matches('/'));
    let exporter = SpanExporter::builder()
        .with_http()
        .with_endpoint(endpoint)
        .build()?;
    let resource = Resource::builder()
        .with_service_name("interop-gateway")
        .build();
    Ok(SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_resource(resource)
        .build())
}
