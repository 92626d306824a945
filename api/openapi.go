package api

import (
	_ "embed" // the description
	"net/http"

	"github.com/gin-gonic/gin"
)

//go:embed openapi.yaml
var description []byte

// Description is the OpenAPI document of this API, in YAML.
func Description() []byte { return description }

func (s *Server) describe(c *gin.Context) error {
	secure(c.Writer.Header())
	c.Data(http.StatusOK, "application/yaml; charset=utf-8", description)
	return nil
}
