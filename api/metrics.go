package api

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// counts are the API's own metrics.
type counts struct {
	accepted   *prometheus.CounterVec
	duplicates *prometheus.CounterVec
	rejected   *prometheus.CounterVec
	durations  *prometheus.HistogramVec
}

// ownRegistry is for a server that was given none.
func ownRegistry() (prometheus.Registerer, http.Handler) {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return registry, promhttp.HandlerFor(registry, promhttp.HandlerOpts{})
}

func newCounts(registerer prometheus.Registerer, record Record) *counts {
	c := &counts{
		accepted: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "securitybot_alerts_accepted_total", Help: "Alerts stored, by source.",
		}, []string{"source"}),
		duplicates: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "securitybot_alerts_duplicate_total", Help: "Repetitions of stored alerts, by source.",
		}, []string{"source"}),
		rejected: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "securitybot_alerts_rejected_total", Help: "Alerts not stored, by source (empty: unknown token) and HTTP status.",
		}, []string{"source", "status"}),
		durations: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "securitybot_http_request_duration_seconds", Help: "Time to answer, by route.",
			Buckets: []float64{.002, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}, []string{"route", "method", "status"}),
	}
	registerer.MustRegister(c.accepted, c.duplicates, c.rejected, c.durations, newBacklog(record))
	return c
}

var methods = []string{
	http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions,
}

// request counts a request. Methods are the client's choice, so that unknown
// ones share a label.
func (c *counts) request(route, method string, status int, took time.Duration) {
	if !slices.Contains(methods, method) {
		method = "other"
	}
	c.durations.WithLabelValues(route, method, strconv.Itoa(status)).Observe(took.Seconds())
}

// backlog reads how much waits for Temporal whenever somebody looks.
type backlog struct {
	record  Record
	waiting *prometheus.Desc
	oldest  *prometheus.Desc
}

func newBacklog(record Record) *backlog {
	return &backlog{
		record: record,
		waiting: prometheus.NewDesc("securitybot_outbox_waiting",
			"Entries that wait to reach Temporal; absent while the record is away.", nil, nil),
		oldest: prometheus.NewDesc("securitybot_outbox_oldest_seconds",
			"Age of the oldest of them; absent while the record is away.", nil, nil),
	}
}

// Describe implements [prometheus.Collector].
func (b *backlog) Describe(to chan<- *prometheus.Desc) {
	to <- b.waiting
	to <- b.oldest
}

// Collect implements [prometheus.Collector].
func (b *backlog) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), checkTimeout) //nolint:forbidigo // Collect is given none
	defer cancel()
	waiting, age, err := b.record.Backlog(ctx)
	if err != nil {
		return
	}
	to <- prometheus.MustNewConstMetric(b.waiting, prometheus.GaugeValue, float64(waiting))
	to <- prometheus.MustNewConstMetric(b.oldest, prometheus.GaugeValue, age.Seconds())
}
