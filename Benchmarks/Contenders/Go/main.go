// GET /job-list in Go's net/http and golang-jwt, over HTTP or FastCGI:
//
//	contender http|fcgi SOCKET
package main

import (
	"encoding/json"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/http/fcgi"
	"os"
	"strings"

	"github.com/golang-jwt/jwt"
)

type job struct {
	ID          string `json:"id"`
	UserID      string `json:"user_id"`
	CompanyName string `json:"company_name"`
	Title       string `json:"title"`
	FirstDate   string `json:"first_date"`
	LastDate    string `json:"last_date"`
	Skills      string `json:"skills"`
	Department  string `json:"department"`
	EIN         string `json:"ein"`
}

func main() {
	secret := []byte(os.Getenv("BENCH_SECRET"))
	file, err := os.ReadFile(os.Getenv("BENCH_JOBS"))
	if err != nil {
		log.Fatal(err)
	}
	var jobs map[string][]job
	if err := json.Unmarshal(file, &jobs); err != nil {
		log.Fatal(err)
	}

	key := func(token *jwt.Token) (interface{}, error) {
		if _, ok := token.Method.(*jwt.SigningMethodHMAC); !ok {
			return nil, fmt.Errorf("unexpected signing method: %v", token.Header["alg"])
		}
		return secret, nil
	}
	http.HandleFunc("/job-list", func(response http.ResponseWriter, request *http.Request) {
		text := strings.TrimPrefix(request.Header.Get("Authorization"), "Bearer ")
		var claims jwt.StandardClaims
		if _, err := jwt.ParseWithClaims(text, &claims, key); err != nil {
			http.Error(response, "unauthorized", http.StatusUnauthorized)
			return
		}
		response.Header().Set("Content-Type", "application/json")
		json.NewEncoder(response).Encode(jobs[claims.Subject])
	})

	listener, err := net.Listen("unix", os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	if os.Args[1] == "fcgi" {
		log.Fatal(fcgi.Serve(listener, nil))
	}
	log.Fatal(http.Serve(listener, nil))
}
