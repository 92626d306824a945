package console

import (
	"testing"

	"github.com/stretchr/testify/require"
)

const described = `
openapi: 3.1.0
info: {title: Some API, version: "1", description: What it is for.}
tags:
  - {name: alerts, description: In and out.}
paths:
  /v1/alerts/{id}:
    parameters:
      - $ref: "#/components/parameters/id"
    get:
      tags: [alerts]
      summary: Everything of one alert
      security: [{bearer: [read]}, {bearer: [ingest]}]
      responses:
        "200":
          description: The alert.
          content:
            application/json:
              schema: {$ref: "#/components/schemas/Alert"}
        "404": {$ref: "#/components/responses/Missing"}
  /v1/pause:
    post:
      tags: [others]
      requestBody:
        content:
          application/json:
            schema:
              type: object
              required: [reason]
              properties: {reason: {type: string, description: Why <b>}}
            example: {reason: <script>}
components:
  parameters:
    id: {name: id, in: path, required: true, schema: {type: string}}
  responses:
    Missing: {description: There is none.}
  schemas:
    Alert:
      allOf:
        - type: object
          properties: {status: {type: string, enum: [asking, closed]}}
        - type: object
          properties:
            of: {type: array, items: {$ref: "#/components/schemas/Alert"}}
            at: {type: [string, "null"], format: date-time}
`

func TestTheAPIsDescriptionIsReadable(t *testing.T) {
	t.Parallel()
	page, err := readDocument([]byte(described))
	require.NoError(t, err)
	require.Equal(t, []string{"Some API", "1", "What it is for."}, []string{page.Name, page.Version, page.Description})
	require.Len(t, page.Tags, 2, "the second has no words of its own")

	get := page.Tags[0].Operations[0]
	require.Equal(t, []string{"get-v1-alerts-id", "read or ingest"}, []string{get.ID, get.Scopes})
	require.Equal(t, []property{{Name: "id", In: "path", Type: "string", Required: true}}, get.Parameters)
	require.Equal(t, []string{"The alert.", "There is none."}, []string{get.Responses[0].Description, get.Responses[1].Description})
	parts := get.Responses[0].Bodies[0].Properties
	require.Equal(t, property{Name: "status", Type: "string: asking, closed"}, parts[0])
	require.Equal(t, property{Name: "of", Type: "array of object"}, parts[1])
	require.Equal(t, property{Name: "at", Type: "string or null (date-time)"}, parts[2], "what holds itself is told once")
	require.Len(t, parts, 3)

	body := page.Tags[1].Operations[0].Bodies[0]
	require.Equal(t, []property{{Name: "reason", Type: "string", Required: true, Description: "Why <b>"}}, body.Properties)
	require.Contains(t, body.Example, `"reason": "<script>"`)
}

func TestProseOfTheDescription(t *testing.T) {
	t.Parallel()
	require.Equal(t, [][]marked{
		{{Text: "Use "}, {Text: "POST <x>", Code: true}, {Text: " and wait."}},
		{{}, {Text: "Errors", Bold: true}, {Text: " are told."}},
	}, paragraphs("Use `POST <x>` and\nwait.\n\n**Errors** are told.\n"))
}

func TestADescriptionThatIsNone(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "\t- :", "paths: {$ref: '#/nowhere'}", "a: &a [*a]"} {
		_, err := readDocument([]byte(text))
		if text == "" || text == "\t- :" {
			require.Error(t, err, text)
		}
	}
}
