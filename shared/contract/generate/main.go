// Command generate writes the JSON Schema (draft 2020-12) of every event in the catalogue, whole envelope, from the bodies' types and
// tags. `go generate ./shared/contract` runs it; nothing deployed contains it.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/invopop/jsonschema"

	"github.com/teei/csr-platform/shared/contract"
)

// module is the import path of contract's folder, where the comments that become descriptions are read from.
const module = "github.com/teei/csr-platform/shared/contract"

// envelope is contract.Event as a schema sees it. Its last part, who it belongs to and its trace, is open to other keys.
type envelope struct {
	Type     string   `json:"type"`
	Data     any      `json:"data"`
	Metadata metadata `json:"metadata"`
}

type metadata struct {
	ID            string         `json:"id" jsonschema:"format=uuid,description=UUIDv5 of cause id\\, type and subject id"`
	Version       string         `json:"version" jsonschema:"enum=v1"`
	Timestamp     time.Time      `json:"timestamp"`
	CorrelationID string         `json:"correlationId,omitempty" jsonschema:"format=uuid,description=the first cause in the chain"`
	CausationID   string         `json:"causationId,omitempty" jsonschema:"format=uuid,description=what this event came from"`
	Metadata      map[string]any `json:"metadata"`
}

type belonging struct {
	CompanyID   string `json:"companyId" jsonschema:"format=uuid"`
	Traceparent string `json:"traceparent,omitempty" jsonschema:"pattern=^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$,description=W3C Trace Context"`
}

func main() {
	err := write("schemas")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// write makes <type>.json in folder for every event, and removes those of events that are gone.
func write(folder string) error {
	made, err := schemas()
	if err != nil {
		return err
	}
	old, err := filepath.Glob(filepath.Join(folder, "*.json"))
	if err != nil {
		return fmt.Errorf("list %s: %w", folder, err)
	}
	for _, path := range old {
		if _, kept := made[filepath.Base(path)]; kept {
			continue
		}
		err := os.Remove(path)
		if err != nil {
			return fmt.Errorf("remove a schema: %w", err)
		}
	}
	for name, text := range made {
		err := os.WriteFile(filepath.Join(folder, name), text, 0o644)
		if err != nil {
			return fmt.Errorf("write a schema: %w", err)
		}
	}
	return nil
}

// schemas gives each schema's text by its file name. It reads the comments of the working directory, which is contract's folder.
func schemas() (map[string][]byte, error) {
	r := &jsonschema.Reflector{DoNotReference: true, Anonymous: true}
	err := r.AddGoComments(module, ".")
	if err != nil {
		return nil, fmt.Errorf("read the comments of contract: %w", err)
	}
	made := map[string][]byte{}
	for _, body := range contract.Catalogue() {
		text, err := json.MarshalIndent(schemaOf(r, body), "", "  ")
		if err != nil {
			return nil, fmt.Errorf("encode the schema of %s: %w", body.EventType(), err)
		}
		made[body.EventType()+".json"] = append(text, '\n')
	}
	return made, nil
}

// schemaOf is the schema of one event, body inside envelope.
func schemaOf(r *jsonschema.Reflector, body contract.Body) *jsonschema.Schema {
	data := r.Reflect(body)
	data.Version = ""

	open := r.Reflect(belonging{})
	open.Version, open.AdditionalProperties = "", nil

	schema := r.Reflect(envelope{})
	schema.ID = jsonschema.ID("https://github.com/teei/csr-platform/blob/main/shared/contract/schemas/" + body.EventType() + ".json")
	schema.Title, schema.Description = body.EventType(), data.Description
	data.Description = ""
	schema.Properties.Set("type", &jsonschema.Schema{Const: body.EventType()})
	schema.Properties.Set("data", data)
	meta, _ := schema.Properties.Get("metadata")
	meta.Properties.Set("metadata", open)
	return schema
}
