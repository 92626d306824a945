// Package temporalclient makes the one Temporal client of a process. Its
// settings are Temporal's own: the environment and profile that its CLI reads.
package temporalclient

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"
	"go.temporal.io/sdk/converter"
	sdklog "go.temporal.io/sdk/log"

	"securitybot/internal/conversation"
)

// Options are what a process adds to the environment's settings.
type Options struct {
	HostPort string // of a server of our own; "" takes the environment's
	Keys     string // that encrypt payloads, in hex, commas between them, the first one writes; "" encrypts nothing
	Logger   *slog.Logger
}

// New gives a client that connects when it is first used, so that a process
// starts with Temporal away.
func New(options Options) (client.Client, error) {
	dial, err := settings(options.HostPort)
	if err != nil {
		return nil, fmt.Errorf("read Temporal's settings: %w", err)
	}
	dial.Logger = sdklog.NewStructuredLogger(options.Logger.With("component", "temporal"))
	if options.Keys != "" {
		encrypt, err := newCodec(options.Keys)
		if err != nil {
			return nil, err
		}
		dial.DataConverter = converter.NewCodecDataConverter(converter.GetDefaultDataConverter(), encrypt)
	}
	temporal, err := client.NewLazyClient(dial)
	if err != nil {
		return nil, fmt.Errorf("make Temporal client: %w", err)
	}
	return temporal, nil
}

// settings are the environment's. A server of our own has none: a namespace, a key
// or a certificate that is set there is meant for another one.
func settings(hostPort string) (client.Options, error) {
	if hostPort != "" {
		return client.Options{HostPort: hostPort, Namespace: client.DefaultNamespace}, nil
	}
	return envconfig.LoadDefaultClientOptions()
}

// Namespace is the one that a client made with this HostPort works in.
func Namespace(hostPort string) string {
	dial, err := settings(hostPort)
	if err != nil || dial.Namespace == "" {
		return client.DefaultNamespace
	}
	return dial.Namespace
}

// ErrNotAllowed is a cluster that lets only its operators add search attributes,
// as Temporal Cloud does.
var ErrNotAllowed = errors.New("adding search attributes is not allowed")

// RegisterSearchAttributes adds what the namespace lacks. Errors: ErrNotAllowed.
func RegisterSearchAttributes(ctx context.Context, temporal client.Client, namespace string) error {
	wanted := map[string]enums.IndexedValueType{}
	for _, name := range conversation.SearchAttributes() {
		wanted[name] = enums.INDEXED_VALUE_TYPE_KEYWORD
	}
	listed, err := temporal.OperatorService().ListSearchAttributes(ctx,
		&operatorservice.ListSearchAttributesRequest{Namespace: namespace})
	if notAllowed(err) {
		return ErrNotAllowed
	}
	if err != nil {
		return fmt.Errorf("list search attributes: %w", err)
	}
	for name := range listed.GetCustomAttributes() {
		delete(wanted, name)
	}
	if len(wanted) == 0 {
		return nil
	}
	_, err = temporal.OperatorService().AddSearchAttributes(ctx,
		&operatorservice.AddSearchAttributesRequest{Namespace: namespace, SearchAttributes: wanted})
	if notAllowed(err) {
		return ErrNotAllowed
	}
	var exists *serviceerror.AlreadyExists
	if err != nil && !errors.As(err, &exists) {
		return fmt.Errorf("add search attributes: %w", err)
	}
	return nil
}

func notAllowed(err error) bool {
	var denied *serviceerror.PermissionDenied
	var unknown *serviceerror.Unimplemented
	return errors.As(err, &denied) || errors.As(err, &unknown)
}
