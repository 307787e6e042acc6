import Foundation

/// An application to be guarded: an nginx that answers with the headers that it was sent.
struct GuardedApplication {
  let port: UInt16
  let process: ChildProcess

  init(_ site: Installation) throws {
    port = try freePort()
    let folder = "\(site.run)/application"
    process = try site.runNginx(
      """
      user \(NSUserName());
      pid \(folder).pid;
      error_log \(folder)-error.log;
      events { }
      http {
          access_log off;
          client_body_temp_path \(folder)-body;
          fastcgi_temp_path \(folder)-fastcgi;
          proxy_temp_path \(folder)-proxy;
          scgi_temp_path \(folder)-scgi;
          uwsgi_temp_path \(folder)-uwsgi;
          server {
              listen 127.0.0.1:\(port);
              location / {
                  default_type text/plain;
                  return 200 "$http_x_auth_username|$http_cookie|$http_authorization|$request_uri";
              }
          }
      }
      """, named: "application")
  }

  func stop() { process.stop() }
}
