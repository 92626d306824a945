package api

// Defused is for tests.
var Defused = defused
