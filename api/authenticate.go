package api

import (
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"
)

// sourceKey is where the authenticated source's name is kept.
const sourceKey = "source"

// authenticate finds out which source calls. Any source may read every alert.
func (s *Server) authenticate(c *gin.Context) error {
	scheme, token, _ := strings.Cut(c.GetHeader("Authorization"), " ")
	source, ok := "", false
	if strings.EqualFold(scheme, "Bearer") {
		source, ok = s.opt.Sources(strings.TrimSpace(token))
	}
	if !ok {
		if c.Request.Method == http.MethodPost {
			s.counts.refuse("", http.StatusUnauthorized)
		}
		c.Header("WWW-Authenticate", `Bearer realm="securitybot"`)
		return problemOf(http.StatusUnauthorized, "give a valid token as Authorization: Bearer TOKEN")
	}
	c.Set(sourceKey, source)
	return nil
}
