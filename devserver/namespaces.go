package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	persistencespb "go.temporal.io/server/api/persistence/v1"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/persistence"
	"go.temporal.io/server/common/persistence/serialization"
	"go.temporal.io/server/common/persistence/sql/sqlplugin"
	"go.temporal.io/server/common/searchattribute/sadefs"
	sqliteschema "go.temporal.io/server/schema/sqlite"
	"google.golang.org/protobuf/types/known/durationpb"
)

const (
	clusterName = "active"
	retention   = 30 * 24 * time.Hour // of closed workflows
)

type attributes = map[string]enumspb.IndexedValueType

// prepareNamespaces makes each namespace exist and know the attributes. It
// works on the database directly, before the server reads it: attributes added
// through the API would come too late for the first workflow that carries one.
func prepareNamespaces(ctx context.Context, cfg *config.SQL, names []string, wanted attributes) error {
	db, err := connect(cfg)
	if err != nil {
		return err
	}
	defer db.Close()
	for _, name := range names {
		rows, err := db.SelectFromNamespace(ctx, sqlplugin.NamespaceFilter{Name: &name})
		switch {
		case errors.Is(err, sql.ErrNoRows) || (err == nil && len(rows) == 0):
			err = createNamespace(cfg, name, wanted)
		case err == nil:
			err = extendNamespace(ctx, db, rows[0], wanted)
		}
		if err != nil {
			return fmt.Errorf("prepare namespace %q: %w", name, err)
		}
	}
	return nil
}

func createNamespace(cfg *config.SQL, name string, wanted attributes) error {
	namespace, err := sqliteschema.NewNamespaceConfig(clusterName, name, false, wanted)
	if err != nil {
		return err
	}
	namespace.Detail.Config.Retention = durationpb.New(retention)
	return sqliteschema.CreateNamespaces(cfg, namespace)
}

// extendNamespace adds the attributes that an existing namespace lacks.
func extendNamespace(ctx context.Context, db sqlplugin.DB, row sqlplugin.NamespaceRow, wanted attributes) error {
	serializer := serialization.NewSerializer()
	detail, err := serializer.NamespaceDetailFromBlob(persistence.NewDataBlob(row.Data, row.DataEncoding))
	if err != nil {
		return fmt.Errorf("read its settings: %w", err)
	}
	if detail.Config == nil {
		detail.Config = &persistencespb.NamespaceConfig{}
	}
	aliases, err := extendAliases(detail.Config.CustomSearchAttributeAliases, wanted)
	if err != nil || maps.Equal(aliases, detail.Config.CustomSearchAttributeAliases) {
		return err
	}
	detail.Config.CustomSearchAttributeAliases = aliases
	blob, err := serializer.NamespaceDetailToBlob(detail)
	if err != nil {
		return fmt.Errorf("encode its settings: %w", err)
	}
	row.Data, row.DataEncoding = blob.GetData(), blob.GetEncodingType().String()
	if _, err := db.UpdateNamespace(ctx, &row); err != nil {
		return fmt.Errorf("add search attributes: %w", err)
	}
	return nil
}

// extendAliases returns the aliases (column name to attribute name) with a free
// column of the right type for each wanted attribute that has none yet. A
// column's type is fixed, so an attribute can't change its own.
func extendAliases(aliases map[string]string, wanted attributes) (map[string]string, error) {
	columns := sadefs.GetDBIndexSearchAttributes(nil).CustomSearchAttributes
	result := maps.Clone(aliases)
	if result == nil {
		result = map[string]string{}
	}
	known := attributes{}
	for column, attribute := range result {
		known[attribute] = columns[column]
	}
	for _, attribute := range slices.Sorted(maps.Keys(wanted)) {
		kind := wanted[attribute]
		if have, ok := known[attribute]; ok {
			if have != kind {
				return nil, fmt.Errorf("search attribute %s is %s in the database, not %s", attribute, have, kind)
			}
			continue
		}
		column, ok := freeColumn(columns, result, kind)
		if !ok {
			return nil, fmt.Errorf("no room for search attribute %s: all columns of type %s are taken", attribute, kind)
		}
		result[column] = attribute
	}
	return result, nil
}

func freeColumn(columns attributes, taken map[string]string, kind enumspb.IndexedValueType) (string, bool) {
	for _, column := range slices.Sorted(maps.Keys(columns)) {
		if _, used := taken[column]; !used && columns[column] == kind {
			return column, true
		}
	}
	return "", false
}
