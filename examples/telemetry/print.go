package main

import (
	"context"
	"fmt"
	"io"
	"sync"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/trace"
)

// startTelemetry sets the providers in package otel. These providers write lines to stdout. Your program would use
// providers that export to its own backend instead. Each span is written when the span ends, and the metrics are
// written when finish is called. finish returns the first error of a write, because otel would only log the error.
func startTelemetry(stdout io.Writer) (finish func() error) {
	out := &output{w: stdout}
	reader := metric.NewManualReader()
	otel.SetTracerProvider(trace.NewTracerProvider(trace.WithSyncer(spanWriter{out})))
	otel.SetMeterProvider(metric.NewMeterProvider(metric.WithReader(reader)))
	return func() error {
		var collected metricdata.ResourceMetrics
		if err := reader.Collect(context.Background(), &collected); err != nil {
			return err
		}
		for _, scope := range collected.ScopeMetrics {
			for _, m := range scope.Metrics {
				writeMetric(out, m)
			}
		}
		return out.error()
	}
}

// An output keeps the first error of a write. It has a mutex, because spans end in many goroutines.
type output struct {
	w io.Writer

	mu  sync.Mutex
	err error
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err != nil {
		return 0, o.err
	}
	n, err := o.w.Write(b)
	o.err = err
	return n, err
}

func (o *output) error() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.err
}

// A spanWriter is an exporter that writes a line for each span.
type spanWriter struct{ out *output }

func (w spanWriter) ExportSpans(_ context.Context, spans []trace.ReadOnlySpan) error {
	for _, s := range spans {
		parent := ""
		if s.Parent().IsValid() {
			parent = fmt.Sprintf(", parent %s", s.Parent().SpanID())
		}
		fmt.Fprintf(w.out, "span %s%s: %s, %v, status %s %q, %s\n", s.SpanContext().SpanID(), parent, s.Name(),
			s.EndTime().Sub(s.StartTime()), s.Status().Code, s.Status().Description, text(attribute.NewSet(s.Attributes()...)))
	}
	return nil
}

func (spanWriter) Shutdown(context.Context) error { return nil }

// writeMetric writes a line for each set of attributes. The metrics of otelhttp are histograms.
func writeMetric(out *output, m metricdata.Metrics) {
	switch data := m.Data.(type) {
	case metricdata.Histogram[int64]:
		writePoints(out, m, data.DataPoints)
	case metricdata.Histogram[float64]:
		writePoints(out, m, data.DataPoints)
	}
}

func writePoints[N int64 | float64](out *output, m metricdata.Metrics, points []metricdata.HistogramDataPoint[N]) {
	for _, p := range points {
		fmt.Fprintf(out, "metric %s: requests %d, total %v %s, %s\n", m.Name, p.Count, p.Sum, m.Unit, text(p.Attributes))
	}
}

func text(attributes attribute.Set) string { return attributes.Encoded(attribute.DefaultEncoder()) }
