package api

import (
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"
)

// Where the name of whoever calls is kept: a source's, or an admin's email.
const (
	sourceKey = "source"
	adminKey  = "admin"
)

// authenticate finds out which source or admin calls. Any of them may read every
// alert.
func (s *Server) authenticate(c *gin.Context) error {
	scheme, token, _ := strings.Cut(c.GetHeader("Authorization"), " ")
	if strings.EqualFold(scheme, "Bearer") {
		token = strings.TrimSpace(token)
		if source, ok := s.opt.Sources(token); ok {
			c.Set(sourceKey, source)
			return nil
		}
		if email, ok := s.opt.Admins(token); ok {
			c.Set(adminKey, email)
			return nil
		}
	}
	s.refused(c, http.StatusUnauthorized)
	c.Header("WWW-Authenticate", `Bearer realm="securitybot"`)
	return problemOf(http.StatusUnauthorized, "give a valid token as Authorization: Bearer TOKEN")
}

// onlySources keeps people from reporting as nobody knows what.
func (s *Server) onlySources(c *gin.Context) error {
	if c.GetString(sourceKey) != "" {
		return nil
	}
	s.refused(c, http.StatusForbidden)
	return problemOf(http.StatusForbidden, "an admin's token reports no alerts: use a source's")
}

func (s *Server) onlyAdmins(c *gin.Context) error {
	if c.GetString(adminKey) != "" {
		return nil
	}
	return problemOf(http.StatusForbidden, "this needs an admin's token")
}

// refused counts an alert that nobody was allowed to report.
func (s *Server) refused(c *gin.Context, status int) {
	if c.Request.Method == http.MethodPost && c.FullPath() == "/v1/alerts" {
		s.counts.refuse("", status)
	}
}
